"""The only server code that knows sockets: listening, one coroutine per connection, the public pages."""
