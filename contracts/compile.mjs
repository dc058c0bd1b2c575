// Compiles every contract beside this file, and those of each folder below, with the solc
// package (npm install solc), and writes what the devnet deploys: one file a folder. The
// compiler's version is kept with the result.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import solc from "solc";

const here = new URL(".", import.meta.url);
const target = new URL("../src/walkaway/devnet/execution/", here);

compile("", "contracts.json");
for (const entry of readdirSync(here, { withFileTypes: true })) {
  if (entry.isDirectory() && entry.name !== "node_modules") compile(`${entry.name}/`, `${entry.name}.contracts.json`);
}

function compile(folder, result) {
  const files = readdirSync(new URL(folder, here)).filter((name) => name.endsWith(".sol")).sort();
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: "Solidity",
        sources: Object.fromEntries(
          files.map((name) => [name, { content: readFileSync(new URL(folder + name, here), "utf8") }]),
        ),
        settings: {
          evmVersion: "cancun",
          optimizer: { enabled: true },
          metadata: { bytecodeHash: "none", appendCBOR: false },
          outputSelection: {
            "*": {
              "": ["ast"],
              "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode", "storageLayout"],
            },
          },
        },
      }),
    ),
  );
  const problems = (output.errors ?? []).map((problem) => problem.formattedMessage);
  if (problems.length > 0) throw new Error(problems.join("\n"));

  const contracts = {};
  for (const name of files) {
    const { ast } = output.sources[name];
    const variables = namesOf(ast);
    const libraries = ast.nodes.filter((node) => node.contractKind === "library").map((node) => node.name);
    for (const [contract, { abi, evm, storageLayout }] of Object.entries(output.contracts[name] ?? {})) {
      const { object, immutableReferences } = evm.deployedBytecode;
      if (object === "" || libraries.includes(contract)) continue; // abstract, or part of others
      const slots = storageLayout.storage.map(({ label, slot }) => [label, Number(slot)]);
      // Where the constructor writes each immutable: byte offsets of words in the code.
      const immutables = Object.entries(immutableReferences ?? {}).map(([id, places]) => [
        variables[id],
        places.map(({ start }) => start),
      ]);
      contracts[contract] = {
        abi,
        creation: "0x" + evm.bytecode.object,
        code: "0x" + object,
        slots: Object.fromEntries(slots),
        ...(immutables.length > 0 && { immutables: Object.fromEntries(immutables) }),
      };
    }
  }
  writeFileSync(new URL(result, target), JSON.stringify({ compiler: solc.version(), contracts }, null, 1) + "\n");
}

// The names of a file's variables by their number in its syntax tree.
function namesOf(tree) {
  const names = {};
  const walk = (node) => {
    if (node === null || typeof node !== "object") return;
    if (node.nodeType === "VariableDeclaration") names[node.id] = node.name;
    Object.values(node).forEach(walk);
  };
  walk(tree);
  return names;
}
