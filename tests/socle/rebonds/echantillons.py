"""Notifications as servers write them, after RFC 3464 and RFC 6522; {retour} is the address they were sent to."""

POSTFIX = """\
Return-Path: <>
Delivered-To: {retour}
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {retour}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4C7A/mx.example.net"

This is a MIME-encapsulated message.

--4C7A/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--4C7A/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4C7A
Arrival-Date: Mon, 23 Nov 2026 09:00:12 +0000 (UTC)

Final-Recipient: rfc822; rozenn@courriel.example
Original-Recipient: rfc822;rozenn@courriel.example
Action: {action}
Status: 5.1.1
Remote-MTA: dns; mx.courriel.example
Diagnostic-Code: smtp; 550 5.1.1 <rozenn@courriel.example>:
    Recipient address rejected: User unknown

--4C7A/mx.example.net
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: Mairie de Guingamp <ne-pas-repondre@kumun.test>
To: rozenn@courriel.example
Subject: Votre demande

Bonjour,

--4C7A/mx.example.net--
"""

# Exchange writes its fields in another case and order, returns headers only, and comments the action.
EXCHANGE = """\
From: postmaster@outlook.example
To: <{retour}>
Subject: Undeliverable: Votre demande
Content-Type: Multipart/Report; Report-Type="Delivery-Status"; boundary="b_1"
MIME-Version: 1.0

--b_1
Content-Type: text/html

<p>Your message couldn't be delivered.</p>
--b_1
Content-type: message/delivery-status

Reporting-MTA: dns;outlook.example

Final-recipient: RFC822; rozenn@courriel.example
ACTION: Failed (permanent)
status: 5.2.2
diagnostic-code: smtp;552 5.2.2 mailbox full
--b_1
Content-Type: text/rfc822-headers

Subject: Votre demande
--b_1--
"""

VACANCES = """\
From: rozenn@courriel.example
To: {retour}
Subject: Absente
Auto-Submitted: auto-replied (vacation)

Je reviens lundi.
"""
