"""服务台: tickets, their contract clocks, breaches and maintenance records (维护记录).

A ticket is a chain of uneditable events; level, state, clocks and who had to be told are computed from them, never
typed. The two parties (甲方 hospital, 乙方 supplier) look at the same facts; what each may add follows its side.
"""
