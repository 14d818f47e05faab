"""What every HTML page and every answer of the portal promises, checked each time a test reads one."""

import re
from http.cookies import SimpleCookie

import httpx
from lxml import html

_UNLABELLED = {"hidden", "submit", "button", "image", "reset"}


def faults_of_answer(answer: httpx.Response) -> list[str]:
    """What is wrong with the headers of an answer, whatever its content."""
    faults = []
    policy = answer.headers.get("content-security-policy", "")
    if not policy.startswith(("default-src 'self'", "default-src 'none'")) or "unsafe" in policy:
        faults.append(f"Content-Security-Policy: {policy or 'none'}")
    if answer.headers.get("x-content-type-options") != "nosniff":
        faults.append("no X-Content-Type-Options")
    for line in answer.headers.get_list("set-cookie"):
        for name, morsel in SimpleCookie(line).items():
            secure = answer.url.scheme == "https"
            if secure and not (name.startswith("__Host-") and morsel["secure"]):
                faults.append(f"cookie {name} may leave its host or travel in clear")
            if not morsel["httponly"] and morsel["max-age"] != "0":
                faults.append(f"cookie {name} can be read by scripts")
            if morsel["domain"] or morsel["path"] != "/":
                faults.append(f"cookie {name} is not of one host: {line}")
    return faults


def faults_of_page(text: str, tree: html.HtmlElement, *, whole: bool = True) -> list[str]:
    """What is wrong with a page; a fragment (`whole=False`) has neither title nor language of its own."""
    faults = [*_structure(tree)] if whole else []
    ids = tree.xpath("//@id")
    faults += [f"id {one!r} twice" for one in sorted({i for i in ids if ids.count(i) > 1})]
    faults += [f"no label: {_show(field)}" for field in _fields(tree) if not _label(tree, field)]
    for form in tree.xpath("//form"):
        token = form.xpath(".//input[@name='jeton_csrf']/@value")
        is_post = (form.get("method") or "get").lower() == "post"
        if is_post and not (token and token[0]):
            faults.append(f"form without token: {form.get('action')}")
        if not is_post and token:
            faults.append(f"token in an address: {form.get('action')}")
    faults += [
        f"inline script: {_show(s)}" for s in tree.xpath("//script[not(@src)][not(contains(@type, 'json'))]")
    ]
    faults += [f"inline style: {_show(s)}" for s in tree.xpath("//style | //*[@style]")]
    faults += [f"handler {a.attrname}" for a in tree.xpath("//@*[starts-with(name(), 'on')]")]
    faults += [f"javascript: {a}" for a in tree.xpath("//@href | //@action") if a.startswith("javascript:")]
    faults += [f"no alt: {_show(i)}" for i in tree.xpath("//img[not(@alt)]")]
    faults += [f"not rendered: {m}" for m in re.findall(r"\{[{%].{0,40}|Undefined|<function ", text)]
    return faults


def _structure(tree: html.HtmlElement) -> list[str]:
    faults = []
    if not (tree.xpath("/html/@lang") or [""])[0]:
        faults.append("no language")
    if not "".join(tree.xpath("/html/head/title/text()")).strip():
        faults.append("no title")
    headings = tree.xpath("//h1")
    if len(headings) != 1 or not headings[0].text_content().strip():
        faults.append(f"{len(headings)} h1")
    if len(tree.xpath("//main")) != 1:
        faults.append("not one main")
    return faults


def _fields(tree: html.HtmlElement) -> list[html.HtmlElement]:
    found = tree.xpath("//input | //select | //textarea")
    return [field for field in found if field.get("type", "text") not in _UNLABELLED]


def _label(tree: html.HtmlElement, field: html.HtmlElement) -> str:
    if field.get("aria-label"):
        return str(field.get("aria-label"))
    by = (field.get("aria-labelledby") or "").split()
    labels = [e for one in by for e in tree.xpath("//*[@id=$one]", one=one)]
    labels += tree.xpath("//label[@for=$one]", one=field.get("id") or "\0")
    labels += field.xpath("ancestor::label")
    return " ".join(label.text_content().strip() for label in labels).strip()


def _show(element: html.HtmlElement) -> str:
    return html.tostring(element, encoding="unicode")[:160]
