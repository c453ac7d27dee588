"""What the server costs, measured: the real thing beside a bare broadcast server. See README.md."""
