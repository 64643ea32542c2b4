-- One statement per line, for threads.c; %d is the number of threads. On the benchmark's database of size S.
SELECT * FROM attribution_summary('touches(customer_id, ts, channel)', 'conversions(customer_id, ts, value)', 'first_touch, linear, time_decay', 'threads=%d; lookback=90 days; period=month')
SELECT * FROM journeys('touches(customer_id, ts, channel)', 'conversions(customer_id, ts, value)', 'threads=%d; gap=30 days') LIMIT 20000
SELECT * FROM channel_effects('touches(customer_id, ts, channel)', 'conversions(customer_id, ts, value)', 'threads=%d; order=2')
SELECT * FROM markov_orders('touches(customer_id, ts, channel)', 'conversions(customer_id, ts, value)', 'threads=%d')
SELECT * FROM attribution('touches(customer_id, ts, channel)', 'conversions(customer_id, ts, value)', 'linear, markov, shapley', 'threads=%d') LIMIT 50000
SELECT * FROM funnel_summary('events(customer_id, ts, stage)', 'inquiry > mql > sal > opportunity > won', 'threads=%d; exits=lost; window=90 days; period=month')
SELECT * FROM funnel('events(customer_id, ts, stage)', 'inquiry > mql > sal > opportunity > won', 'threads=%d; exits=lost; window=90 days') LIMIT 50000
SELECT * FROM attribution_audit('touches(customer_id, ts, channel)', 'conversions(customer_id, ts, value)', 'threads=%d; most=20')
SELECT round(auc(ts, channel = 'email'), 12), engagement_score(1, ts, 1700000000, '30 days') FROM touches WHERE %d > 0
