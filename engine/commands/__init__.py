"""What each subcommand of `trunkline` does; imported only when it runs, so that help is instant."""
