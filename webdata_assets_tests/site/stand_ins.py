"""Pages that servers send with status 200 in the place of the one that was asked for, and one of content.

What belongs here: their HTML, as sites write it. What does not: the redirects that lead to them (traps.py).
"""

LOGIN = """\
<!doctype html><html><head><title>Sign in</title></head><body><main><h1>Sign in</h1>
<form action="/session" method="post">
<label>E-mail <input type="email" name="email"></label>
<label>Password <input type="password" name="password"></label>
<button>Sign in</button> <a href="/password/reset">Forgot your password?</a></form></main></body></html>
"""

NOT_FOUND = """\
<!doctype html><html><head><title>Page not found | The Shop</title></head><body>
<h1>Page not found</h1><p>Sorry, the page you are looking for does not exist.</p>
<a href="/">Back to the front page</a></body></html>
"""

CONSENT = """\
<!doctype html><html><head><title>Before you continue</title></head><body>
<h1>Before you continue</h1><p>We and our partners use cookies to store and access information.</p>
<form action="/consent" method="post"><button>Accept all</button><button>Reject all</button></form>
</body></html>
"""

CAPTCHA = """\
<!doctype html><html><head><title>Just a moment...</title></head><body>
<h1>Verify you are human</h1><div class="cf-turnstile" data-sitekey="0x4"></div>
<script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script>
<noscript>Enable JavaScript and cookies to continue</noscript></body></html>
"""

SHELL = """\
<!doctype html><html><head><title>The Shop</title><script src="/app.js" defer></script></head><body>
<noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div></body></html>
"""

_SENTENCE = (
    "When a page is not found the server answers 404, and when somebody must sign in first it answers 401, "
    "which a reader sees as a form for name and password or as a captcha. "
)
ARTICLE = (
    "<!doctype html><html><head><title>Why pages are not found, and how to sign in</title></head><body>"
    f"<article><h1>Why pages are not found</h1><p>{_SENTENCE * 5}</p><p>{_SENTENCE * 5}</p>"
    '<a href="/404">404</a> <a href="/login">Sign in</a> <a href="/consent">Cookies</a>'
    "</article></body></html>"
)
"""An article about all of these, which is none of them."""
