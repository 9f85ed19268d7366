import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Parts of the paths of files that go first, in this order; a file belongs to the first part that it has. */
const FIRST = ['/test/capture/', '/test/io/', '/conformance.test.ts']

/**
 * The order of test files. What starts many programs comes first, while the process is small: to start one takes the longer the
 * larger the process is. What takes long though its file is small comes next, so that no worker is left alone with it at the end.
 */
export class FileOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = FIRST.findIndex((part) => moduleId.replaceAll('\\', '/').includes(part))
      return index === -1 ? FIRST.length : index
    }
    return sorted.sort((a, b) => rank(a) - rank(b))
  }
}
