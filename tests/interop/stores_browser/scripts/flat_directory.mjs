// The creation code of ethstorage-sdk's FlatDirectory, in hex, and what a blob holds.
import { FlatDirectoryBytecode, OP_BLOB_DATA_SIZE } from 'ethstorage-sdk'

const told = { creation: FlatDirectoryBytecode.replace(/^0x/, ''), blobBytes: OP_BLOB_DATA_SIZE }
process.stdout.write(JSON.stringify(told) + '\n', () => process.exit(0))
