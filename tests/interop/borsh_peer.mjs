// Answers, one JSON line for each line of standard input, what the borsh package makes of a request:
// {schema, value} is encoded to {octets}, {schema, octets} is decoded to {value}; a refusal is {refused: reason}.
// Integers of 64 bits and more travel as decimal strings, which the package takes and BigInt prints.
import { createInterface } from 'node:readline';
import { deserialize, serialize } from 'borsh';

const plain = (_, value) => (typeof value === 'bigint' ? value.toString() : value);

function answer({ schema, value, octets }) {
  try {
    if (octets === undefined) return { octets: Buffer.from(serialize(schema, value)).toString('hex') };
    return { value: deserialize(schema, Buffer.from(octets, 'hex')) };
  } catch (fault) {
    return { refused: String(fault.message) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line)), plain));
}
