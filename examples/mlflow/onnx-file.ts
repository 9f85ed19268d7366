/** What a logistic regression has learned. */
export interface Weights {
  weights: number[]
  bias: number
}

/** An ONNX file of a logistic regression: `probability = sigmoid(features · weights + bias)`. Any ONNX runtime loads it. */
export function onnxFile({ weights, bias }: Weights): Uint8Array {
  const features = valueInfo('features', [undefined, weights.length])
  const probability = valueInfo('probability', [undefined, 1])
  const graph = message([
    [1, node('MatMul', ['features', 'weights'], 'product')],
    [1, node('Add', ['product', 'bias'], 'sum')],
    [1, node('Sigmoid', ['sum'], 'probability')],
    [2, text('logistic-regression')],
    [5, tensor('weights', [weights.length, 1], weights)],
    [5, tensor('bias', [1], [bias])],
    [11, features],
    [12, probability]
  ])
  return message([
    [1, 8],
    [7, graph],
    [8, message([[1, text('')], [2, 17]])]
  ])
}

function node(operation: string, inputs: readonly string[], output: string): Uint8Array {
  return message([...inputs.map((input): Field => [1, text(input)]), [2, text(output)], [4, text(operation)]])
}

const FLOAT = 1

function tensor(name: string, shape: readonly number[], values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeFloatLE(value, index * 4))
  return message([...shape.map((size): Field => [1, size]), [2, FLOAT], [8, text(name)], [9, bytes]])
}

/** `undefined`: as many as there are. */
function valueInfo(name: string, shape: readonly (number | undefined)[]): Uint8Array {
  const dimensions = shape.map((size): Field => [1, size === undefined ? message([[2, text('rows')]]) : message([[1, size]])])
  return message([
    [1, text(name)],
    [2, message([[1, message([[1, FLOAT], [2, message(dimensions)]])]])]
  ])
}

type Field = readonly [number: number, value: number | Uint8Array]

/** Protocol buffers: numbers as varints, everything else with its length before it. */
function message(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.flatMap(([number, value]) =>
      typeof value === 'number' ? [varint(number * 8), varint(value)] : [varint(number * 8 + 2), varint(value.byteLength), value]
    )
  )
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}

function text(value: string): Uint8Array {
  return Buffer.from(value)
}
