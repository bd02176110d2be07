"""python -m sandbox.inbox --smtp-port N --http-port N --data DIR"""

from sandbox.inbox.application import main

main()
