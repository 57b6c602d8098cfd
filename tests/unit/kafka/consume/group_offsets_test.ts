import assert from "node:assert/strict";
import type { Admin } from "kafkajs";
import { committedOffsets, namesOf } from "../../../../lib/kafka/consume/group_offsets.ts";

const AT = { group: "g", topic: "orders", topicId: undefined };

/** An admin client whose coordinator answers with these errors first. */
function adminWith(errors: Error[]): Pick<Admin, "fetchOffsets"> {
  const partitions = [{ partition: 1, offset: "7", metadata: null }, { partition: 2, offset: "-1", metadata: null }];
  return {
    fetchOffsets: () => {
      const error = errors.shift();
      return error === undefined ? Promise.resolve([{ topic: "orders", partitions }]) : Promise.reject(error);
    },
  };
}

/** As kafkajs makes it from a broker's error code. */
const protocolError = (type: string) => Object.assign(new Error(type), { name: "KafkaJSProtocolError", type });

Deno.test("committedOffsets() waits for a coordinator that is still loading", async () => {
  const loading = [protocolError("GROUP_LOAD_IN_PROGRESS"), protocolError("GROUP_LOAD_IN_PROGRESS")];
  assert.deepEqual(await committedOffsets(adminWith(loading) as Admin, AT), new Map([[1, 7]]));
});

Deno.test("committedOffsets() hands on what does not pass by waiting", async () => {
  const denied = adminWith([protocolError("GROUP_AUTHORIZATION_FAILED")]);
  await assert.rejects(committedOffsets(denied as Admin, AT), { type: "GROUP_AUTHORIZATION_FAILED" });
});

Deno.test("namesOf() counts the members of one name on one machine", () => {
  const member = (memberId: string, clientId: string) => ({ memberId, clientId, host: "10.0.0.1", partitions: [] });
  const members = [member("a", "orders"), member("b", "orders"), member("c", "")];
  assert.equal(namesOf(members), "orders at 10.0.0.1 (2 members), c at 10.0.0.1");
});
