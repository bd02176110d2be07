"""What officers do with one order of somebody who asks for help. The console and the commands call it."""
