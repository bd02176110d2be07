"""python -m sandbox.snap --port N --notify-url URL --keys FOLDER --data DIR"""

from sandbox.snap.application import main

main()
