"""Domains in which everybody may have an address: to share one says nothing about two people.

Asked where ``policy.outsiders = "same_domain"`` lets colleagues of an invited partner write. A name that stands
here wrongly costs a hold; one that is missing lets a stranger in, so ``policy.freemail`` takes more of them.
"""

from __future__ import annotations

from collections.abc import Collection

from gateway.mail.dmarc import organisational_domain

# Providers with many top-level domains (yahoo.co.uk, hotmail.fr, gmx.at ...): the label before the suffix.
_BASE_NAMES = """
aim aol caramail excite fastmail freenet gmail gmx googlemail hotmail hush hushmail icloud inbox kolab lycos
mailbox mailfence mailinator netscape outlook posteo proton protonmail rediff rediffmail rocketmail runbox
startmail tuta tutamail tutanota virginmedia voila windowslive yahoo yandex ymail zoho zohomail
"""

# Whole domains: names whose label alone would catch companies too (live.example, mail.example, web.example).
_DOMAIN_NAMES = """
1und1.de abv.bg alice.de alice.it aliceadsl.fr aliyun.com arcor.de aruba.it att.net azet.sk bbox.fr
bell.net bellsouth.net bigpond.com bigpond.net.au bk.ru blueyonder.co.uk bluewin.ch bol.com.br bredband.net
btinternet.com btopenworld.com cableone.net centrum.cz centrum.sk charter.net chello.at chello.nl clara.co.uk
club-internet.fr comcast.net cox.net daum.net dbmail.com disroot.org dnainternet.net docomo.ne.jp dodo.com.au
duck.com earthlink.net email.com email.cz email.de email.it eircom.net elisanet.fi emailn.de eml.cc eresmas.com
eunet.rs ezweb.ne.jp fibertel.com.ar firemail.de foxmail.com free.fr freemail.hu freemail.it
freeserve.co.uk frontier.com frontiernet.net globo.com globomail.com go2.pl guerrillamail.com
hanmail.net hccnet.nl hetnet.nl home.nl home.se i.softbank.jp i.ua ig.com.br iinet.net.au iname.com in.com
indiatimes.com infinito.it inode.at inwind.it iol.ie iol.it iol.pt internode.on.net juno.com
kabelmail.de kpnmail.nl kpnplanet.nl laposte.net latinmail.com lavabit.com libero.it list.ru live.at live.be
live.ca live.cl live.cn live.co.uk live.com live.com.ar live.com.au live.com.mx live.com.pt live.de live.dk
live.fr live.ie live.in live.it live.jp live.nl live.no live.ru live.se luukku.com mac.com mail.bg mail.com
mail.de mail.ee mail.ru mailo.com me.com mindspring.com msn.com mts.net nate.com naver.com neostrada.pl
net.hr netcabo.pt netcologne.de netcourrier.com netzero.com netzero.net neuf.fr ntlworld.com numericable.fr
o2.co.uk o2.pl o2online.de oi.com.br onet.eu onet.pl online.de online.no onmail.com op.pl open.by
optimum.net optonline.net optusnet.com.au orange.fr orange.es orange.net orcon.net.nz outlook.com pacbell.net
personal.ro pm.me poczta.fm poczta.onet.pl pobox.com pochta.ru post.cz post.sk posta.hu prodigy.net
protonmail.ch q.com qq.com quicknet.nl rambler.ru riseup.net roadrunner.com rogers.com sapo.pt sbcglobal.net
seznam.cz sfr.fr shaw.ca sina.cn sina.com singnet.com.sg sky.com skynet.be snafu.de softbank.ne.jp sohu.com
spoko.pl spray.se sympatico.ca t-online.at t-online.de t-online.hu talktalk.net teksavvy.com telefonica.net
telenet.be telia.com telfort.nl telkomsa.net telus.net terra.com.br terra.es tin.it tiscali.co.uk tiscali.it
tlen.pl tom.com tpg.com.au tvcablenet.be ua.fm ukr.net unitybox.de uol.com.br upcmail.nl utanet.at vera.com.uy
verizon.net versanet.de videotron.ca vip.163.com vip.qq.com virgilio.it virgin.net vivo.com.br vodafone.de
vodafone.it volny.cz walla.co.il walla.com wanadoo.es wanadoo.fr wanadoo.nl web.de westnet.com.au
wind.it windstream.net wp.pl xs4all.nl xtra.co.nz yeah.net ya.ru ziggo.nl zonnet.nl 126.com 139.com 163.com
163.net 188.com 189.cn 21cn.com
"""

_BASES = frozenset(_BASE_NAMES.split())
_DOMAINS = frozenset(_DOMAIN_NAMES.split())


def is_freemail(domain: str, more: Collection[str] = ()) -> bool:
    """Whether everybody may have an address in a domain (lower case). more: further ones that the house names.

    A provider is recognised below any suffix (yahoo.com, yahoo.co.uk), and so are domains below a provider's
    (vip.163.com).
    """
    labels = domain.lower().rstrip(".").split(".")
    parents = {".".join(labels[start:]) for start in range(len(labels) - 1)}
    if not parents.isdisjoint(_DOMAINS) or not parents.isdisjoint(more):
        return True
    return organisational_domain(domain).partition(".")[0] in _BASES
