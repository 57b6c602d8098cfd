-- The group whose member moved the position last: a reset of that group's offsets moves the position too.
ALTER TABLE positions ADD COLUMN IF NOT EXISTS group_name text COLLATE "C";

-- The last changes of groups' offsets (offsets reset and undo). change: the places before and after as JSON. One that is
-- not done was killed, or is under way in a transaction that holds its row.
CREATE TABLE IF NOT EXISTS offset_changes (
  id bigint PRIMARY KEY,
  group_name text COLLATE "C" NOT NULL,
  topic text COLLATE "C" NOT NULL,
  made_at timestamptz NOT NULL,
  done boolean NOT NULL,
  change text COLLATE "C" NOT NULL
);
