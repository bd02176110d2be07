from sandbox.revocation.application import main

if __name__ == "__main__":
    main()
