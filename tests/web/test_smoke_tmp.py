async def test_smoke(api, web):
    from tests.builders import a_mail, DOMAIN
    for p in ["ann@example.com","bob@example.com"]:
        r = await api.put("/partners/"+p, json={"name": p[:3], "internal": True})
    r = await api.put("/records/ticket/a%2Fb", json={"title": "Printer"}); print(r.text)
    r = await api.get("/records/ticket/a%2Fb"); print(r.text)
    b = await web.browser("ann@example.com")
    r = await b.get("/r/ticket/a%2Fb?compose=note"); print(r.status_code, r.text)
    import re
    csrf = re.search('name="csrf" value="([^"]+)"', r.text)[1]
    r = await b.post("/r/ticket/a%2Fb/messages", data={"csrf": csrf, "kind":"note","body_text":"hi"}, files={"files": ("x.txt", b"1")}); print(r.status_code, r.headers, r.text)
    r = await b.post("/r/ticket/a%2Fb/messages", data={"csrf": csrf, "kind":"message","body_text":"hi"}, files={"files": ("", b"")}); print(r.status_code, r.headers, r.text)
    r = await b.post("/r/ticket/a%2Fb/follow", data={"csrf": csrf, "follow":"yes"}); print(r.status_code, r.headers, r.text)
    r = await b.get("/r/ticket/a%2Fb"); print(r.status_code, r.text)
    a = await web.browser("root@example.com", role="admin")
    r = await api.post("/raw", params={"rcpt": [f"support@{DOMAIN}","no@x.y"], "from":"c@d.example"}, content=a_mail("c@d.example")); print(r.status_code, r.text)
    web.world.worker.run_once()
    r = await api.get("/ledger"); print(r.text)
    for p in ["/", "/ledger", "/ledger?state=all", "/ledger/1", "/dev/outbox", "/login?token=x", "/nope", "/confirm/x", "/leave/x", "/static/threadpost.css", "/ledger?state=x"]:
        r = await a.get(p); print(p, r.status_code, r.headers.get("location"), r.text[:2000] if r.status_code==500 else len(r.text))
