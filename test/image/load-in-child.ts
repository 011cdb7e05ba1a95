/** A process of its own that loads an image: load-in-child.ts STORE SOURCE. Prints what happened; exits 1 on an error. */
import { loadImage } from '../../src/image/archive/load.ts'
import { ImageStore } from '../../src/image/store.ts'

async function main(root: string, source: string): Promise<void> {
  const store = new ImageStore(root)
  console.log('open')
  try {
    const [image] = await loadImage(store, source)
    console.log(image!.references[0])
  } finally {
    store.close()
  }
}

main(process.argv[2]!, process.argv[3]!).catch((error: Error) => {
  console.log(`${error.name}: ${error.message}`)
  process.exitCode = 1
})
