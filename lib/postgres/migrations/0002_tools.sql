-- The rejections of one order_id, to find the newest. A rejected id may be longer than an index takes; a valid one has
-- 256 characters at most.
CREATE INDEX IF NOT EXISTS rejected_by_order ON rejected (left(order_id, 256), rejected_at);

-- The edits of one item, to be summed up.
CREATE INDEX IF NOT EXISTS stock_edits_by_item ON stock_edits (item, edited_at);
