"""Every way a report comes in: the telephone system, the mailbox, the button on every page, on site; and how reports that
tell of one fault become one ticket.

Registers: contacts (来电与邮件通讯录), mailboxes. Facts: calls and their events, mails and their files, reports from
pages, and what became of each.
"""
