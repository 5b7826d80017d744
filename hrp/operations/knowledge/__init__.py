"""The knowledge base (知识库, 三(二)1(1) and 1(7)): what was learnt from one ticket, ready for the next.

An article is drafted, reviewed by somebody else and published; its published text is never edited, a new version
follows it. Articles are suggested while a fault is typed in, adopted on a ticket, and printed as 常见问题解决办法.
"""
