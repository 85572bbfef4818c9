"""Signs of barriers: the words and marks by which a page that stands in another's place gives itself away.

What belongs here: tables and patterns; texts are matched in lower case. What does not: how many signs make a
barrier (barriers.py).
"""

import re
from typing import Final

WALL_MARKS: Final[dict[bytes, str]] = {
    b"_cf_chl_opt": "Cloudflare's challenge",
    b"cf-browser-verification": "Cloudflare's challenge",
    b"cf-error-details": "Cloudflare's refusal",
    b"geo.captcha-delivery.com": "DataDome's challenge",
    b"px-captcha": "HUMAN's challenge",
    b"Incapsula incident ID": "Imperva's refusal",
    b"incident_id=": "Imperva's challenge",
    b"gokuProps": "AWS WAF's challenge",
    b"awswaf-captcha": "AWS WAF's captcha",
    b"KPSDK": "Kasada's challenge",
    b"sec-if-cpt-container": "Akamai's challenge",
    b"errors.edgesuite.net": "Akamai's refusal",
    b"sucuri_cloudproxy_js": "Sucuri's challenge",
    b"DDoS-Guard": "DDoS-Guard's challenge",
    b"anubis_challenge": "Anubis' challenge",
    b"/errors/validateCaptcha": "Amazon's captcha",
    b"Vercel Security Checkpoint": "Vercel's checkpoint",
    b"enerated by Wordfence": "Wordfence's refusal",
    b"queue-it.net": "Queue-it's waiting room",
}
"""Marks that bot defences leave on their own pages → what they are of."""

CAPTCHA_MARKS: Final[dict[bytes, str]] = {
    b"g-recaptcha": "reCAPTCHA",
    b"recaptcha/api.js": "reCAPTCHA",
    b"h-captcha": "hCaptcha",
    b"cf-turnstile": "Turnstile",
    b"challenges.cloudflare.com": "Turnstile",
    b"arkoselabs.com": "Arkose",
    b"geetest": "GeeTest",
    b"frc-captcha": "Friendly Captcha",
}
"""Marks of captchas, which stand in many a form of an ordinary page too."""

WALL_WORDS: Final = (
    "just a moment", "attention required", "security check", "checking your browser", "verify you are human",
    "verifying you are human", "are you a robot", "are you human", "not a robot", "not a bot", "robot check",
    "robot or human", "human verification", "bot verification", "captcha", "pardon our interruption",
    "access denied", "access to this page has been denied", "request blocked", "request unsuccessful",
    "request rejected", "you have been blocked", "has been limited", "ddos-guard", "security checkpoint",
    "unusual traffic", "unusual activity", "one more step", "please wait", "bitte warten", "waiting room",
    "sicherheitsüberprüfung", "zugriff verweigert", "accès refusé", "acceso denegado", "accesso negato",
    "vérification de sécurité", "toegang geweigerd", "403 forbidden",
)  # fmt: skip

LOGIN: Final = re.compile(
    r"(?:please )?(?:log|sign)[ -]?(?:in|on)(?: (?:to|at|into|required|or|and|page) ?.{0,60})?"
    r"|member login|single sign-on"
    r"|auth(?:entication|orization) required"
    r"|(?:bitte )?(?:anmelden|einloggen)(?: bei .{1,60})?|anmeldung"
    r"|(?:se )?connect(?:er|ez-vous)|connexion|identification|s'identifier|inici(?:ar|e|a) sesión"
    r"|acceder|accedi|entrar|iniciar sessão|inloggen|aanmelden|logga in|logg inn|log ind|kirjaudu(?: sisään)?"
    r"|zaloguj się|logowanie|přihlášení|bejelentkezés|giriş yap|вход|войти|авторизация"
    r"|ログイン|登录|登入|로그인"
)
"""A heading or a part of a title that asks for a login, and nothing else."""

CONSENT_WORDS: Final = frozenset((
    "before you continue", "cookie consent", "cookie wall", "cookie settings", "cookie-einstellungen",
    "cookies", "consent", "privacy settings", "privacy gate", "privacy manager", "your privacy",
    "your privacy choices", "we value your privacy", "zustimmung", "einwilligung",
    "datenschutz-einstellungen", "privatsphäre-einstellungen", "mit werbung weiterlesen",
    "votre vie privée", "consentement", "gestion des cookies", "su privacidad", "la tua privacy",
    "privacy-instellingen", "toestemming",
))  # fmt: skip
ACCEPT_WORDS: Final = frozenset((
    "accept", "accept all", "accept all cookies", "agree", "i agree", "i accept", "agree and continue",
    "accept and continue", "agree and close", "accept all and continue", "reject all", "akzeptieren",
    "alle akzeptieren", "zustimmen", "zustimmen und weiter", "akzeptieren und weiter", "einwilligen",
    "tout accepter", "accepter", "accepter et continuer", "j'accepte", "aceptar", "aceptar todo",
    "accetta", "accetta tutto", "accetta e continua", "akkoord", "accepteren", "alles accepteren",
    "aceitar", "godkänn", "godta alle", "zgadzam się", "принять",
))  # fmt: skip

_THING: Final = r"(?:page|content|article|file|document|resource|url|listing|post|video|thread|topic)"
NOT_FOUND: Final = re.compile(
    r"(?:http |error |fehler |erreur |status )*404[!.]?(?: error| fehler)?"
    r"(?:[\s:,.!–—-]+(?:page |file |site )?not found)?[!.]*"
    r"|(?:sorry|oops|whoops|uh oh|hmm)?[,:!.…\s]*(?:error[:,]? )?(?:(?:this|the|that|your|requested) )*"
    rf"{_THING}(?: you(?:'re|’re| are| were) looking for| you requested)? (?:was |is |could |can |can)?"
    r"(?:not (?:be )?(?:found|exist)|does(?:n't|n’t| not) exist|has been (?:removed|deleted))"
    r"[!.]*(?: \(?404\)?)?"
    r"|(?:we )?(?:can't|can’t|cannot|couldn't|couldn’t) (?:seem to )?find (?:the|that|this) page.*"
    r"|not found|nothing (?:was )?found(?: here)?"
    r"|(?:die |diese )?(?:angeforderte |gewünschte )?(?:seite|dokument|datei|inhalt)"
    r" (?:wurde |konnte )?(?:leider )?"
    r"(?:nicht (?:gefunden(?: werden)?|vorhanden)|existiert nicht(?: mehr)?)[!.]*"
    r"|(?:cette |la )?page (?:demandée )?(?:est )?"
    r"(?:introuvable|non trouvée|inexistante|n'existe (?:pas|plus))"
    r"|página no encontrada|pagina non trovata|página não encontrada|pagina niet gevonden"
    r"|sidan (?:hittades inte|kunde inte hittas)|siden (?:ble|blev) ikke fun(?:net|det)"
    r"|strona nie (?:została znaleziona|istnieje)|stránka nenalezena|страница не найдена"
    r"|ページが見つかりません|找不到页面|页面不存在|페이지를 찾을 수 없습니다",
)
"""A heading or a part of a title that says that the page is not there, and nothing else."""
NOT_FOUND_SENTENCE: Final = re.compile(
    r"page you(?:'re|’re| are| were|'ve| have)? (?:looking for|tr(?:ied|ying) to|requested)"
    rf"|{_THING} (?:you .{{1,40}} )?(?:could not|cannot|can't|was not|wasn't|couldn't) (?:be )?found"
    r"|(?:may|might) have been (?:moved|removed|deleted|renamed)|does(?:n't|n’t| not) (?:seem to )?exist"
    r"|nicht gefunden|existiert nicht|introuvable|n'existe (?:pas|plus)|no (?:se )?encontrad"
    r"|non (?:è stata )?trovata|niet gevonden|не найден|見つかりません|不存在|찾을 수 없",
)
NEEDS_JAVASCRIPT: Final = re.compile(r"java\s?script")
REFUSAL: Final = re.compile(
    r"you don't have permission to access .{1,300} on this server|reference #|your support id is"
    r"|unusual (?:traffic|activity)|enable (?:javascript and )?cookies|blocked (?:by|because|for)"
    r"|(?:confirm|verify) (?:that )?you(?:'re|’re| are) (?:a |not a )?(?:human|robot)|have been blocked"
    r"|incident id|ray id|your ip",
)
"""What a refusal says beside its heading."""

LOGIN_PLACE: Final = re.compile(
    r"/(?:[\w-]*[-_])?(?:log[-_]?in|log[-_]?on|sign[-_]?in|sso|oauth2?|authenticate|anmelden|connexion|cas/login"
    r"|session/new|authorize)(?:\.\w+)?(?:[/?;]|\Z)",
    re.IGNORECASE,
)
CONSENT_PLACE: Final = re.compile(
    r"//(?:consent|myprivacy|privacy-?gate)\.|/(?:collectconsent|cookie-?(?:wall|consent)|privacy-?gate"
    r"|consent(?:-management)?|zustimmung)(?:\.\w+)?(?:[/?;]|\Z)",
    re.IGNORECASE,
)
PRIVACY_PLACE: Final = re.compile(r"cookie|privacy|consent|datenschutz|einwilligung", re.IGNORECASE)
"""Where a page about cookies may have been asked for itself."""
WALL_PLACE: Final = re.compile(
    r"/(?:captcha|challenge|validatecaptcha|recaptcha|sorry/index|botcheck|distil_r_captcha)"
    r"(?:\.\w+)?(?:[-/?;]|\Z)",
    re.IGNORECASE,
)
NOT_FOUND_PLACE: Final = re.compile(
    r"/(?:404|error[-_]?404|404[-_]?error|not[-_]?found|page[-_]?not[-_]?found|errors?/404"
    r"|seite-nicht-gefunden)(?:\.\w+)?(?:[/?;]|\Z)",
    re.IGNORECASE,
)
FRONT_PAGE: Final = re.compile(
    r"/(?:[a-z]{2}(?:[-_][a-z]{2})?|index|home|homepage|main|default|start|startseite|welcome)?"
    r"(?:\.\w{2,5})?/?",
    re.IGNORECASE,
)
"""Paths of a front page, which a site may well keep at its root."""
