"""The whole store on a real S3 server: races, kills, and equality with a local one."""
