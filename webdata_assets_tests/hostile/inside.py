"""Addresses of the inside, however they are written.

What belongs here: spellings. What does not: what is done with them (test_addresses.py).
"""

LOOPBACK = (
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7F.1", "017700000001",
    "0177.0.0.1", "0177.0x0.0.1", "0x7f.0.0.0x1", "00000177.1", "127.0.0.1.", "localhost", "LOCALHOST",
    "localhost.", "a.localhost", "0.0.0.0", "0", "0x0",
    "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]",
    "[::127.0.0.1]", "[::7f00:1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:1::7f00:1]", "[2001:0:7f00:1::]",
    "[2001::80ff:fffe]", "[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd00::1]",
)  # fmt: skip
"""Loopback and this host, as every resolver or translator might read them."""

NEIGHBOURS = (
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "169.254.1.1", "198.18.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "0xa000001", "012.0.0.1", "3232235521",
    "[::ffff:10.0.0.1]", "[64:ff9b::10.0.0.1]", "[2002:a00:1::]", "[ff02::1]", "[100::1]", "[2001:db8::1]",
)  # fmt: skip
"""Private, shared, reserved, multicast and documentation ranges."""

METADATA = (
    "169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518",
    "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[fd00:ec2::254]",
    "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192",
)  # fmt: skip
"""Metadata and host services of clouds."""

DISGUISED = (
    "http://%31%32%37%2e0%2e0%2e1:{port}/", "http://%6c%6f%63%61%6c%68%6f%73%74:{port}/",
    "http://１２７.０.０.１:{port}/", "http://127。0。0。1:{port}/", "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/",
    "http://ｌｏｃａｌｈｏｓｔ:{port}/", "http://loc\u00adalhost:{port}/", "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127.0\t.0.1:{port}/", "ht\ntp://127.0.0.1:{port}/", " http://127.0.0.1:{port}/ ",
    "http:127.0.0.1:{port}/", "http:////127.0.0.1:{port}/", "http:\\\\127.0.0.1:{port}\\",
    "http://example.com@127.0.0.1:{port}/", "http://example.com:80@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@example.com/", "http://example.com\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.com/", "http://example.com#@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@example.com/", "http://127.0.0.1%00.example.com:{port}/",
    "http://127.0.0.1%2eexample.com@localhost:{port}/", "http://[::1%25lo]:{port}/",
    "http://xn--localhost-:{port}/", "http://127.0.0.1:0{port}/",
    "gopher://127.0.0.1:{port}/_GET%20/", "dict://127.0.0.1:{port}/", "ftp://127.0.0.1:{port}/",
    "file://127.0.0.1/etc/passwd", "ws://127.0.0.1:{port}/", "view-source:http://127.0.0.1:{port}/",
    "jar:http://127.0.0.1:{port}!/", "blob:http://127.0.0.1:{port}/x", "//127.0.0.1:{port}/",
)  # fmt: skip
"""Whole URLs that hide the host, or name another protocol; with the listener's port to be filled in."""

PLAIN = (*LOOPBACK, *NEIGHBOURS, *METADATA)
