"""What we are made of: the lock, what is installed, licences, bill of materials, known vulnerabilities."""
