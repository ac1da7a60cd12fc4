"""Driver 1, real time: asyncio, one turn a tick, and nothing leaves before the disk has its cause."""
