"""What needs no Blender: the server's HTTP API, jobs in threads, forms, pictures. Standard library and numpy only."""
