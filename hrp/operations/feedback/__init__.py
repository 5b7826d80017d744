"""What the hospital says back (三(二)1(7) and the satisfaction of the acceptance pack).

A mark on every closed ticket, a survey of the departments each half year, questions, suggestions and complaints with
their answers. What was said is never edited; an answer, a decision or a follow-up is added to it.
"""
