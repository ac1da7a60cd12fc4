"""What is ended though nobody asks for it: BYEs that did not arrive, and answers that came too late."""
