"""python -m sandbox.gateway --port N --notify-url URL --server-key-file F --data DIR"""

from sandbox.gateway.application import main

main()
