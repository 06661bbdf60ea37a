"""The words in which mail systems tell of failure and delay, and where the mail they return begins.

Each phrase stands for a family of systems and languages. In a phrase a blank is any run of blanks and
``~`` up to 40 characters of the same line; nothing else repeats without a bound, so that a search is
linear whatever stands in a mail.
"""

from __future__ import annotations

import re


def phrases(*alternatives: str) -> re.Pattern[str]:
    """One pattern that finds any of the phrases, in any case."""
    return re.compile("|".join(map(_pattern, alternatives)), re.IGNORECASE)


def _pattern(phrase: str) -> str:
    """A phrase as a pattern; `` ?`` is a blank that may be missing."""
    return phrase.replace(" ?", r"\s{0,4}").replace(" ", r"\s{1,4}").replace("~", r"[^\n]{0,40}?")


FAILED = phrases(
    "(?:could|can)(?: not|not|n.t) be (?:delivered|sent|forwarded|processed)",
    "was(?: not|n.t) (?:able to deliver|delivered|relayed)",
    "not (?:been )?(?:delivered|deliverable|relayed)",
    "unable to ~deliver",
    "undeliver",
    "did not reach",
    "deliver~(?:fail|problem|error|abort|refused)",
    "fail~deliver",
    "fail(?:ed|ure) (?:mail|notice|reason|to send)",
    "mail failure",
    "(?:permanent|fatal|delivery) ~(?:error|failure)",
    "error ~(?:deliver|sending)",
    "return(?:ed|ing) (?:mail|message|because|to ~sender)",
    "recipients? ~(?:failed|aborted|refused)",
    "no valid recipients?",
    "(?:mail|message|address(?:es)?) failed",
    "failed address",
    "(?:unknown|invalid|no such) ~(?:user|recipient|mailbox|address)",
    "user (?:unknown|not known)",
    "malformed address",
    "mailbox (?:is )?full",
    "message ~(?:rejected|refused|blocked|bounced)",
    "\\breject(?:ed|ion)\\b",
    "transcript of session",
    "unsent message",
    "non-? ?delivery",
    "送信できません",
    "送信できない",
    "配信でき",
    "配信不能",
    "失敗しました",
    "エラー",
    "не ~доставлен",
    "не ~отправлен",
    "nicht ~(?:zugestellt|ausgeliefert)",
    "unzustellbar",
    "n.a (?:pas )?pu [eê]tre ~(?:remis|distribu|deliv|délivr|envoy)",
    "no (?:se )?(?:pudo|ha podido) ~entreg",
    "non [eè] stato ~(?:recapitat|consegnat)",
    "n[aã]o p[oô]de ser ~(?:entregue|enviad)",
    "无法",
    "退信",
)

DELAYED = phrases(
    "warning message only",
    "(?:has been|is|message|mail) delayed",
    "temporary failure report",
    "delayed \\d",
    "\\(delay(?:ed)?\\)",
    "not yet been delivered",
    "will be retried",
    "will (?:continue to|keep) (?:try|attempt)",
    "(?:deliver|try) ~for another",
    "delivery ~delayed",
    "still (?:being|trying)",
    "just a warning",
    "no action is required on your part",
    "verzögert",
    "retardad",
    "задерж",
)

GIVEN_UP = phrases(
    "permanent",
    "giv(?:en|ing) up",
    "will not (?:continue|retry|try)",
    "no further ~attempt",
    "has failed",
)

_RULE = r"^[ \t>*=~#-]{0,80}"  # what systems draw before the words that announce the returned mail

RETURNED = re.compile(
    _RULE
    + r"(?:"
    + phrases(
        "below (?:this line )?is (?:a|the) copy",
        "(?:this|here|attachment) is a copy",
        "(?:included|enclosed) is a copy",
        "a copy of (?:the|your) (?:original )?message",
        "(?:original|returned|unsent|undelivered|bounced|forwarded) (?:message|mail|e-?mail)\\b",
        "(?:the )?(?:body|headers?|text|first part) of (?:the|your) ~(?:message|mail)",
        "(?:original )?message (?:headers?|text) follows?",
        "original (?:message )?headers?",
        "start of returned message",
        "your (?:original )?message reads",
        "mensaje original",
    ).pattern
    + r")[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)

HEADER = re.compile(
    r"^(?:Received|Return-Path|X-Received|DKIM-Signature|ARC-Seal)\s?:\s?\S",
    re.IGNORECASE | re.MULTILINE,
)

TECHNICAL = re.compile(
    r"(?:^|said:? |[\s<>:\"'])5[05]\d[ -](?:[45]\.\d|<|[A-Za-z])"  # an answer of SMTP
    r"|non-?delivery report|delivery status notification",
    re.MULTILINE | re.IGNORECASE,
)
