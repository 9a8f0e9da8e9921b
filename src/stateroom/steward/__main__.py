from stateroom.steward.main import main

main()
