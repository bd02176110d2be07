"""python -m sandbox.tsa --port N --pki DIR"""

from sandbox.tsa.application import main

main()
