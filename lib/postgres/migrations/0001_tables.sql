-- Names and ids are compared byte for byte (COLLATE "C"). users and inventory hold names in Unicode NFC, in which they
-- are looked up; orders and rejected hold them as they were sent.
CREATE TABLE IF NOT EXISTS users (
  name text COLLATE "C" PRIMARY KEY,
  status text COLLATE "C" NOT NULL
);

CREATE TABLE IF NOT EXISTS inventory (
  item text COLLATE "C" PRIMARY KEY,
  quantity bigint NOT NULL CHECK (quantity >= 0)
);

-- One row for each accepted order, for ever: order_id is its identity. created_at: milliseconds since the epoch.
CREATE TABLE IF NOT EXISTS orders (
  order_id text COLLATE "C" PRIMARY KEY,
  user_name text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  quantity int NOT NULL,
  created_at bigint NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition int NOT NULL,
  "offset" bigint NOT NULL,
  remaining bigint NOT NULL,
  replay_of text COLLATE "C",
  accepted_at timestamptz NOT NULL
);

CREATE INDEX IF NOT EXISTS orders_by_place ON orders (topic, partition, "offset");

-- The last verdict on each record that is no accepted order. quantity: whatever was sent.
CREATE TABLE IF NOT EXISTS rejected (
  topic text COLLATE "C" NOT NULL,
  partition int NOT NULL,
  "offset" bigint NOT NULL,
  order_id text COLLATE "C" NOT NULL,
  user_name text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  quantity double precision NOT NULL,
  created_at bigint NOT NULL,
  reason text COLLATE "C" NOT NULL,
  status text COLLATE "C",
  stock bigint,
  replay_of text COLLATE "C",
  rejected_at timestamptz NOT NULL,
  PRIMARY KEY (topic, partition, "offset")
);

-- Each change of stock that is no order: was: null where the item did not exist; set_to: null where it is gone.
CREATE TABLE IF NOT EXISTS stock_edits (
  edit_id uuid PRIMARY KEY,
  item text COLLATE "C" NOT NULL,
  set_to bigint,
  was bigint,
  "by" text COLLATE "C" NOT NULL,
  edited_at timestamptz NOT NULL
);

-- The next offsets to read. moved_by: the call that moved it last, so that one whose COMMIT got no answer can tell.
CREATE TABLE IF NOT EXISTS positions (
  topic text COLLATE "C" NOT NULL,
  partition int NOT NULL,
  topic_id text COLLATE "C",
  position bigint NOT NULL,
  moved_by uuid,
  PRIMARY KEY (topic, partition)
);

-- What was read of each partition: disjoint, neighbours joined.
CREATE TABLE IF NOT EXISTS offset_ranges (
  topic text COLLATE "C" NOT NULL,
  partition int NOT NULL,
  from_offset bigint NOT NULL,
  to_offset bigint NOT NULL,
  PRIMARY KEY (topic, partition, from_offset)
);
