"""The words by which mail programs of many languages introduce what they quote.

Facts collected by hand from how the programs label a quotation: the verb of "Ann wrote:", the word
before the date, the field names of a header block, the words of "Original Message" and of "Sent from
my phone". Everything is in lower case; adding a language means adding words here and nothing else.
"""

from __future__ import annotations


def _words(listed: str) -> tuple[str, ...]:
    return tuple(word for part in listed.split("|") if (word := part.strip()))


# "wrote": the verb of an attribution. A trailing "(a)" or "/a" is read by the rule, not here. In lines:
# Germanic and Romance; Nordic and Baltic; West and South Slavic, Hungarian, Albanian; East Slavic; others.
VERBS = _words(
    """
    wrote | writes | written | sent | a écrit | a ecrit | schrieb | schreibt | geschrieben | schreef | geschreven | ha scritto | scrive |
    escribió | escribio | ha escrito | escribe | va escriure | escribiu | idatzi du | escreveu | a scris |
    skrev | skreiv | skrifaði | kirjoitti | kirjutas | rakstīja | rašė |
    napisał | napisała | napisano | napisana przez | pisze | napsal | napsala | napísal | napísala | napisal | napisala | napisao | piše |
    írta | shkroi |
    написал | написала | написали | пишет | писал | написав | написала | пише | напісаў | написа | напиша | написао |
    έγραψε | գրել է | დაწერა |
    geskryf | skryf | aliandika | লিখেছেন | எழுதியது | लिहिले | نے لکھا | missatge de | mensaxe de |
    yazdı | yazıb | đã viết | viết | menulis | sumulat | ने लिखा | เขียน | כתב | כתבה | מאת | كتب | كتبت | نوشت
    """
)

# The same in scripts that write without blanks.
VERBS_UNSPACED = _words(
    """
    เขียนว่า | さんのメール | のメール | 写了 | 写道 | 寫道 | 書きました | 님이 쓴 글 | 썼습니다 | 작성
    """
)

# What stands before the date: "On", "Le", "Am"...
OPENERS = _words(
    """
    on | at | le | am | op | il | el | em | no dia | a | den | på | pe | w dniu | dnia | dne | dňa |
    dana | u | в | від | от | на | στις | την | vào | pada | tarihinde | kell | ngày | lúc | data |
    il giorno | el dia | el día | ba | בתאריך | ב- | في | بتاريخ | در | in data | quoting | selon |
    tarih | þann | dátum
    """
)
OPENERS_UNSPACED = _words("在 | 於 | 于 | 时间")

# The fields of a header block, by what they say.
FROM = _words(
    """
    from | von | de | da | van | från | fra | frå | od | от | від | ад | lähettäjä | kimden |
    gönderen | feladó | odesílatel | odosielateľ | expeditor | de la | από | от кого | pošiljatelj |
    šalje | saatja | nuo | no | từ | người gửi | dari | จาก | מאת | من | 从 | 发件人 | 寄件者 | 寄件人 | 差出人 |
    送信者 | 보낸 사람 | 보낸사람 | 발신 | nga | frá | nork | daripada | از | प्रेषक | од | kimdən
    """
)
SENT = _words(
    """
    sent | gesendet | envoyé | envoyé le | enviado | enviado el | enviado em | enviada | enviada em |
    enviado a las | enviat | inviato | inviato il | verzonden | skickat | sendt | wysłano | wysłane |
    odesláno | odoslané | poslano | отправлено | отправлен | надіслано | изпратено | lähetetty |
    gönderildi | gönderilme tarihi | elküldve | küldve | trimis | στάλθηκε | saadetud | nosūtīts |
    išsiųsta | đã gửi | dikirim | ส่งเมื่อ | נשלח | تم الإرسال | 发送时间 | 发送日期 | 寄件日期 | 傳送時間 | 已傳送 |
    送信日時 | 보낸 날짜 | 보낸 시간 | 보낸날짜 | message du | dihantar | ارسال شده | भेजा गया | dërguar |
    испратено | bidalia | göndərilib | poslato | gönderme tarihi
    """
)
DATE = _words(
    """
    date | datum | fecha | data | dato | дата | päivämäärä | pvm | tarih | dátum | ημερομηνία |
    kuupäev | datums | ngày | tanggal | วันที่ | תאריך | التاريخ | 日期 | 日付 | 日時 | 時間 | 时间 | 날짜 | datë |
    dagsetning
    """
)
TO = _words(
    """
    to | an | à | a | para | per a | aan | naar | till | til | do | komu | кому | до | къмto | за |
    vastaanottaja | kime | címzett | către | catre | προς | saaja | kam | đến | tới | kepada | ถึง |
    אל | إلى | 收件人 | 收件者 | 宛先 | 받는 사람 | 받는사람 | 수신 | prima | za | kellele | adresát | به | प्रति | për | nori | kimə | adressaat | primalac
    """
)
COPY = _words(
    """
    cc | bcc | kopie | copie | copie à | copia | cópia | kopia | kopi | dw | копия | копія | kopio |
    bilgi | másolatot kap | κοιν. | 抄送 | 副本 | 참조 | עותק | نسخة | ccn | cci | reply-to | antwort an |
    répondre à | responder a | rispondi a | risposta | importance | wichtigkeit | priority |
    attachments | anlagen | organization
    """
)
SUBJECT = _words(
    """
    subject | betreff | objet | sujet | asunto | assunto | oggetto | soggetto | onderwerp | ämne |
    emne | temat | тема | относно | předmět | predmet | zadeva | naslov | aihe | konu | tárgy |
    subiect | θέμα | teema | tēma | tema | assumpte | chủ đề | tiêu đề | subjek | perihal | หัวข้อ |
    เรื่อง | נושא | הנדון | الموضوع | موضوع | 主题 | 主旨 | 主題 | 件名 | 제목 | efni | lënda | subjekti | gaia | mövzu | विषय | re
    """
)

FIELDS: dict[str, str] = {
    name: kind
    for kind, names in (
        ("copy", COPY),
        ("to", TO),
        ("date", DATE),
        ("sent", SENT),
        ("subject", SUBJECT),
        ("from", FROM),
    )
    for name in names
}

# "message", as in "-----Original Message-----".
MESSAGE_WORDS = _words(
    """
    message | messaggio | messaggi | mensaje | mensagem | missatge | nachricht | e-mail | email |
    mail | bericht | meddelelse | melding | meddelande | wiadomość | wiadomosc | сообщение |
    сообщения | письмо | повідомлення | лист | съобщение | порука | viesti | üzenet | zpráva | zprava |
    správa | sprava | sporočilo | poruka | mesaj | ileti | μήνυμα | kiri | laiškas | ziņojums |
    wiadomości | brev | besked | žinutė | skilaboð | thư | tin nhắn | pesan | ข้อความ | הודעה | رسالة | الرسالة | پیام | 邮件 | 郵件 | 邮件原件 |
    メッセージ | 메시지 | 메일
    """
)

# "original", which alone between dashes says the same.
ORIGINAL_WORDS = _words(
    """
    original | 원본 | 原始 | ursprüngliche | oorspronkelijk | исходное
    """
)

# Roots of "forwarded".
FORWARD_WORDS = _words(
    """
    forward | weitergeleitet | transféré | transfere | réexpédié | reenviado | reenviada |
    encaminhada | inoltrat | doorgestuurd | vidarebefordra | videresend | videresendt | przekazan |
    przesłan | переслан | пересылаем | перенаправлен | пересилан | препратен | edelleenlähetet |
    välitetty | továbbított | přeposlan | preposlan | posredovan | proslijeđen | redirecționat |
    iletilen | iletilmiş | προωθημ | edastatud | persiųst | chuyển tiếp | diteruskan | ส่งต่อ | הועבר |
    reenviat | yönlendiril | przekierow | przekazywan | معاد توجيه | إعادة توجيه | terusan | прослеђен | проследен |
    pārsūtīt | переадресован | محولة | 转发 | 轉寄 | 转寄 | 轉發 | 転送 | 전달
    """
)

# "Sent from my phone": how such a line begins or ends, and what it names.
SENT_FIRST = _words(
    """
    sent from | sent via | sent with | sent using | sent on | gesendet | von meinem |
    diese nachricht wurde | diese e-mail wurde | envoyé | envoye | cet email a été envoyé | enviado |
    enviada | enviat | este mensaje fue enviado | inviato | inviata | verzonden | verstuurd | sendt |
    skickat | wysłano | wysłane | отправлено | надіслано | изпратено | lähetetty | odesláno |
    odoslané | poslano | trimis | στάλθηκε | elküldve | küldve | saadetud | išsiųsta | nosūtīts |
    đã gửi | được gửi | dikirim | נשלח | أرسل | أُرسلت | تم الإرسال | 发自 | 發自 | 來自 | 来自 | 从我的 | 從我的 |
    послато | poslato | dihantar | ส่งจาก | ارسال شده | 나의 | 내 | yahoo mail | get outlook | get bluemail
    """
)
SENT_LAST = _words(
    """
    gesendet | gönderildi | から送信 | 传送 | 傳送 | 보냄 | 보낸 | küldve | lähetetty | sent | 发送 | 發送 | भेजा गया
    """
)
DEVICE_WORDS = _words(
    """
    iphon | ipad | ipod | android | samsung | galaxy | blackberry | outlook | windows | gmail | yahoo |
    huawei | xiaomi | redmi | nokia | htc | sony | xperia | motorola | oneplus | oppo | realme |
    proton | thunderbird | mailspring | k-9 | fairemail | bluemail | typeapp | mailbird | acompli |
    aol | airmail | superhuman | zoho | fastmail | mobil | mobile | handy | handheld | phone |
    smartphone | tablet | telefon | teléfono | téléphone | telefono | celular | mail for | mail para |
    mail pour | mail für | mail per | mail.ru | яндекс | yandex | телефон | 手机 | 手機 | 휴대폰
    """
)

# Roots of the small print under a business mail; two in one paragraph make it a disclaimer.
DISCLAIMER_WORDS = _words(
    """
    confidential | privileged | intended recipient | intended solely | intended only | unauthori |
    disclos | addressee | disclaimer | in error | delete it | strictly prohibited | vertraulich |
    bestimmungsgemäß | adressat | irrtümlich | unbefugt | empfänger | confidentiel | destinataire |
    erreur | divulgation | confidencial | destinatario | destinatário | por error | por engano |
    prohibid | riservat | destinatari | per errore | vietat | vertrouwelijk | geadresseerde |
    onterecht | konfidentiell | fortrolig | adresat | конфиденциальн | получател | конфіденційн |
    luottamuksellinen | bizalmas | důvěrn | confidențial | gizli | εμπιστευτικ | 保密 | 機密 | 기밀 |
    before printing | environment before | poufne | free of viruses
    """
)
