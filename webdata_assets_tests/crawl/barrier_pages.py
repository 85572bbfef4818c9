"""Pages that stand in another's place, built as the real ones are, in words of our own.

What belongs here: one small page per vendor or kind. What does not: asking what they are (test_barriers.py).
"""

from dataclasses import dataclass

ASKED = "https://shop.test/products/oak-table-1820"
_NAV = "".join(
    f'<li><a href="/{name}">{name}</a>' for name in ("home", "tables", "chairs", "about", "contact")
)
_FRAME = f"<header><nav><ul>{_NAV}</ul></nav></header>%s<footer><a href='/imprint'>Imprint</a></footer>"


@dataclass(frozen=True)
class Wall:
    """A page, what kind of barrier it is, and where its redirects ended."""

    kind: str
    html: str
    url: str = ASKED
    status: int = 200


def document(title: str, body: str, head: str = "") -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title>{head}</head><body>{body}</body></html>'
    )


WALLS = {
    "cloudflare challenge": Wall(
        "captcha",
        document(
            "Just a moment...",
            '<div class="main-wrapper" role="main"><div class="main-content"><noscript><div '
            'class="h2"><span '
            'id="challenge-error-text">JavaScript and cookies are needed to go '
            "on</span></div></noscript></div></div>"
            "<script>(function(){window._cf_chl_opt={cvId:'3',cZone:'shop.test',cType:'managed'};var a="
            "document.createElement('script');a.src='/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1';"
            "document.head.appendChild(a)})();</script>",
            '<meta name="robots" content="noindex,nofollow"><meta http-equiv="refresh" content="390">',
        ),
    ),
    "cloudflare refusal": Wall(
        "captcha",
        document(
            "Attention Required! | Cloudflare",
            '<div id="cf-wrapper"><div id="cf-error-details" class="cf-error-details-wrapper"><h1>You were '
            "stopped here</h1><h2>shop.test uses a service against attacks</h2><p>Something you did "
            "set it off. "
            "Write to the owner.</p><p>Ray ID: 7c0ffee</p></div></div>",
        ),
    ),
    "datadome": Wall(
        "captcha",
        '<html lang="en"><head><title>shop.test</title><style>#cmsg{animation: A '
        "1.5s;}</style></head><body "
        'style="margin:0"><p id="cmsg">Turn scripts on and blockers off</p><script '
        'data-cfasync="false">var dd='
        "{'rt':'c','cid':'AHrl','hsh':'D428','t':'fe','host':'geo.captcha-delivery.com'}</script><script "
        'src="https://ct.captcha-delivery.com/c.js"></script></body></html>',
    ),
    "perimeterx": Wall(
        "captcha",
        document(
            "Access to this page has been denied",
            '<section class="container"><div class="page-title-wrapper"><h1>Press and '
            "hold</h1></div><p>We would "
            'like to know that a person is there.</p><div id="px-captcha"></div><p>Reference ID '
            "77a1</p></section>"
            "<script>window._pxAppId='PXaBcD';window._pxJsClientSrc='/aBcD/init.js';</script>",
        ),
    ),
    "imperva frame": Wall(
        "captcha",
        '<html style="height:100%"><head><meta name="robots" content="noindex, nofollow"><script '
        'src="/_Incapsula_Resource?SWJIYLWA=719d"></script></head><body '
        'style="margin:0px;height:100%"><iframe '
        'id="main-iframe" src="/_Incapsula_Resource?SWUDNSAI=31&incident_id=123-456" frameborder=0 '
        'width="100%">'
        "</iframe></body></html>",
    ),
    "akamai refusal": Wall(
        "captcha",
        "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\nYou don't have "
        'permission to access "http&#58;&#47;&#47;shop&#46;test" on this '
        "server.<P>\nReference&#32;&#35;18&#46;ab\n"
        "</BODY>\n</HTML>\n",
        status=200,
    ),
    "aws waf": Wall(
        "captcha",
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title></title><script>window.'
        'awsWafCookieDomainList=[];window.gokuProps={"key":"AQID","iv":"Cg","context":"Ev"};</script><script '
        'src="https://ab.edge.sdk.awswaf.com/ab/challenge.js"></script></head><body><div '
        'id="challenge-container">'
        "</div><noscript><h1>Scripts are off</h1>Turn JavaScript on and load the page "
        "anew.</noscript></body></html>",
    ),
    "kasada": Wall(
        "captcha",
        "<!DOCTYPE "
        "html><html><head></head><body><script>window.KPSDK={};KPSDK.now=Date.now.bind(Date);</script>"
        '<script src="/149e/2d20/ips.js?x-kpsdk-im=AAI"></script></body></html>',
    ),
    "recaptcha interstitial": Wall(
        "captcha",
        document(
            "Robot Check",
            '<form action="/verify" method="post"><h4>Are you a person?</h4><p>Tick the box and go '
            "on.</p><div "
            'class="g-recaptcha" data-sitekey="6Lc"></div><button>Go on</button></form><script '
            'src="https://www.google.com/recaptcha/api.js" async defer></script>',
        ),
    ),
    "hcaptcha interstitial": Wall(
        "captcha",
        document(
            "Security check | shop.test",
            '<main><h1>One more step</h1><p>Solve this and we let you in.</p><div class="h-captcha" '
            'data-sitekey="10000"></div></main><script src="https://js.hcaptcha.com/1/api.js"></script>',
        ),
    ),
    "turnstile interstitial": Wall(
        "captcha",
        document(
            "Verifying you are human - Shop",
            '<div class="box"><div class="cf-turnstile" data-sitekey="0x4"></div></div><script '
            'src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script>',
        ),
    ),
    "anubis": Wall(
        "captcha",
        document(
            "Making sure you're not a bot!",
            '<main><h1 id="title">Making sure you\'re not a bot!</h1><img src="/.within/pensive.webp"><p '
            'id="status">Counting…</p><script id="anubis_challenge" '
            'type="application/json">{"rules":1}</script></main>',
        ),
    ),
    "unusual traffic": Wall(
        "captcha",
        document("Sorry", "<p>Unusual traffic came from your network.</p>"),
        url="https://shop.test/sorry/index?continue=x",
    ),
    "login by redirect": Wall(
        "login",
        document(
            "Shop",
            _FRAME
            % '<main><h1>Welcome back</h1><form method="post"><input name="user"><input type="password" '
            'name="pass"><button>Go</button></form></main>',
        ),
        url="https://shop.test/account/login?return=%2Fproducts%2Foak-table-1820",
    ),
    "login at the address itself": Wall(
        "login",
        document(
            "Sign in - The Oak Forum",
            _FRAME % '<main><h1>Members only</h1><p>This thread is for members.</p><form><input name="name">'
            '<input type="password" name="word"><a href="/lost">Lost?</a></form></main>',
        ),
    ),
    "german login": Wall(
        "login",
        document("Anmelden | Möbelhaus", _FRAME % '<form><input name=a><input type="password"></form>'),
    ),
    "single sign-on by redirect": Wall(
        "login",
        document("Company sign-on", '<h1>Sign in</h1><form><input type="email"></form>'),
        url="https://shop.test/oauth2/authorize?client_id=1",
    ),
    "consent by redirect": Wall(
        "consent",
        document("Shop family of brands", "<form><button name=agree>Yes</button></form>"),
        url="https://consent.shop.test/v2/collectConsent?sessionId=3",
    ),
    "consent at the address itself": Wall(
        "consent",
        document(
            "Before you continue",
            "<div><h1>Before you continue to Shop</h1><p>We and our partners use cookies to measure "
            "how the site "
            'is used.</p><form action="/save"><button>Reject all</button><button>Accept '
            "all</button></form></div>",
        ),
    ),
    "german consent or subscription": Wall(
        "consent",
        document(
            "Zustimmung | Das Blatt",
            "<main><h1>Weiterlesen mit Werbung</h1><p>Mit Cookies, oder mit einem "
            "Abo.</p><button>Akzeptieren und "
            'weiter</button><a href="/abo">Abo</a></main>',
        ),
        url="https://shop.test/products/oak-table-1820",
    ),
    "soft 404 in a frame": Wall(
        "soft_404",
        document(
            "Page not found | Shop",
            _FRAME % "<main><h1>Page not found</h1><p>We looked everywhere. Try the search.</p></main>",
        ),
    ),
    "soft 404 by number": Wall(
        "soft_404",
        document(
            "404 – Shop",
            _FRAME % "<main><h1>404</h1><h2>Oops!</h2><p>The page you were looking for has left.</p></main>",
        ),
    ),
    "german soft 404": Wall(
        "soft_404",
        document(
            "Seite nicht gefunden - Möbelhaus",
            _FRAME % "<main><h1>Leider nichts da</h1><p>Die Seite wurde nicht gefunden.</p></main>",
        ),
    ),
    "soft 404 by redirect": Wall(
        "soft_404",
        document("Oops", _FRAME % "<main><h1>Sorry, this page doesn't exist</h1></main>"),
        url="https://shop.test/404.html",
    ),
    "sent to the front page": Wall(
        "soft_404",
        document("Shop: tables and chairs", _FRAME % "<main><h1>Tables</h1><p>All of our tables.</p></main>"),
        url="https://www.shop.test/",
    ),
    "react shell": Wall(
        "empty",
        document(
            "Shop",
            '<noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div>'
            '<script src="/static/js/main.3f2a.js"></script>',
        ),
    ),
    "angular shell": Wall(
        "empty",
        document("Shop", '<app-root></app-root><script src="runtime.js" type="module"></script>'),
    ),
    "vue shell with a spinner": Wall(
        "empty",
        document(
            "Shop",
            '<div id="app"><div class="spinner"><svg><circle '
            'r="4"/></svg></div></div><script>window.__STATE__='
            '{"a":"' + "x" * 30_000 + '"}</script><script src="/app.js"></script>',
        ),
    ),
    "a request for JavaScript": Wall(
        "empty",
        document("Shop", "<p>Please turn JavaScript on.</p><script>document.body.innerHTML=''</script>"),
    ),
}
