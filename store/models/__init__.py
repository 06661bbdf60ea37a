"""The nouns of the store. Importing this package registers every table on ``Base.metadata``."""

from store.models.access import ApiToken, IdempotentAnswer, Secret, WebSession
from store.models.base import Base
from store.models.delivery import Delivery, Event, Notice, Webhook
from store.models.inbound import Courtesy, InboundMail, InboundTarget
from store.models.message import Arrival, Attachment, Message, MessageRef
from store.models.partner import Address, Block, Partner, Suppression
from store.models.preview import LinkPreview
from store.models.thread import (
    Alias,
    Follower,
    Invitation,
    RecordType,
    SilentChange,
    Thread,
    ThreadRedirect,
    TokenGeneration,
)
from store.models.writing import MessageVersion, ScheduledMessage, Template, TemplateFile

__all__ = [
    "Address",
    "Alias",
    "ApiToken",
    "Arrival",
    "Attachment",
    "Base",
    "Block",
    "Courtesy",
    "Delivery",
    "Event",
    "Follower",
    "IdempotentAnswer",
    "InboundMail",
    "InboundTarget",
    "Invitation",
    "LinkPreview",
    "Message",
    "MessageRef",
    "MessageVersion",
    "Notice",
    "Partner",
    "RecordType",
    "ScheduledMessage",
    "Secret",
    "SilentChange",
    "Suppression",
    "Template",
    "TemplateFile",
    "Thread",
    "ThreadRedirect",
    "TokenGeneration",
    "WebSession",
    "Webhook",
]
