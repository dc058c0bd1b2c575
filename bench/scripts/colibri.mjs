// Lets colibri prove and verify recorded questions, offline: what it would fetch is read
// from the folders of recordings, and anything that is not there is an error.
import { existsSync, readFileSync } from "node:fs";
import Colibri from "@corpus-core/colibri-stateless";

const NAME_CHARACTERS = 100;
const LONG = 1000;

let kept;
await Colibri.register_storage({
  get: (key) => kept[key] ?? null,
  set: (key, value) => {
    kept[key] = value;
  },
  del: (key) => {
    delete kept[key];
  },
});

// The recordings are named by what was asked, with every sign of punctuation made "_".
function fileName({ url, payload, encoding }) {
  const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  const asked = url || [payload.method, ...payload.params.map(shown)].join("_");
  return `${asked.replace(/[/., :=?"&[\]{}]/g, "_").slice(0, NAME_CHARACTERS)}.${encoding}`;
}

function recorded({ folders, answers }) {
  return {
    cacheable: () => true,
    get(request) {
      if (request.url in answers) return Buffer.from(answers[request.url], "hex");
      const name = fileName(request);
      const path = folders.map((folder) => `${folder}/${name}`).find(existsSync);
      if (path === undefined) throw new Error(`not recorded: ${name}`);
      return readFileSync(path);
    },
    set() {},
  };
}

// The least milliseconds of some rounds, fewer where they take long, and the last result.
async function least(rounds, work) {
  const began = performance.now();
  let [result, milliseconds] = [undefined, Infinity];
  for (let round = 0; round < rounds && performance.now() - began < LONG; round += 1) {
    const begun = performance.now();
    result = await work();
    milliseconds = Math.min(milliseconds, performance.now() - begun);
  }
  return [result, milliseconds];
}

async function measured({ name, method, params, rounds, ...recording }) {
  const nowhere = { rpcs: [], beacon_apis: [], prover: [], checkpointz: [] };
  const client = new Colibri({ chainId: 1, ...nowhere, cache: recorded(recording) });
  const [result, cold] = await least(rounds, async () => {
    kept = {};
    return client.verifyProof(method, params, await client.createProof(method, params));
  });
  const [made, proof] = await least(rounds, () => client.createProof(method, params));
  const [, verification] = await least(rounds, () => client.verifyProof(method, params, made));
  return { name, result, cold, proof, verification };
}

const answers = [];
const { questions } = JSON.parse(readFileSync(0, "utf8"));
for (const question of questions) answers.push(await measured(question));
process.stdout.write(JSON.stringify(answers));
