"""Barriers: pages that stand in another's place, such as logins, captchas and soft 404s."""
