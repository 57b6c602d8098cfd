-- The rejections of one order_id, the newest one to be told; the edits of one item, to be summed up.
CREATE INDEX IF NOT EXISTS rejected_by_order ON rejected (order_id, rejected_at);

CREATE INDEX IF NOT EXISTS stock_edits_by_item ON stock_edits (item, edited_at);
