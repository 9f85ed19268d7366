import { describe, expect, it } from 'vitest'
import { readBoundary, readDisposition } from '../../../src/server/multipart/content-disposition.js'

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

describe('readDisposition', () => {
  it.each([
    ['form-data; name="a"', { name: 'a', filename: undefined }],
    ['form-data; name=a; filename=b.bin', { name: 'a', filename: 'b.bin' }],
    ['Form-Data;name="a";filename="weights/model.onnx"', { name: 'a', filename: 'weights/model.onnx' }],
    ['form-data; filename="x"; name="a"  ', { name: 'a', filename: 'x' }],
    ['form-data; name="a"; filename=""', { name: 'a', filename: '' }],
    ['form-data; name="a"; filename="50%.bin"', { name: 'a', filename: '50%.bin' }],
    ['form-data; name="a"; filename="größe.bin"', { name: 'a', filename: 'größe.bin' }],
    // Taken as it is: the rules for paths refuse it.
    ['form-data; name="a"; filename="../../etc/passwd"', { name: 'a', filename: '../../etc/passwd' }],
    ['form-data; name="a"; filename="%2e%2e/x"', { name: 'a', filename: '%2e%2e/x' }]
  ])('reads %s', (header, wanted) => {
    expect(readDisposition(latin1(header))).toEqual(wanted)
  })

  it.each([
    '',
    'attachment; name="a"',
    'form-data',
    'form-data; filename="x"',
    'form-data; name="a"; name="b"',
    'form-data; name="a"; filename="x"; filename="y"',
    `form-data; name="a"; filename*=UTF-8''x`,
    'form-data; name="a"; filename="x',
    'form-data; name="a"; filename="x\\"; filename="y"',
    'form-data; name="a"; filename="a%22b"',
    'form-data; name="a"; filename="a%0D%0Ab"',
    'form-data; name="a"; size=3',
    'form-data; name="a" filename="x"',
    'form-data, name="a"',
    'form-data; name="a\r\nX: y"'
  ])('refuses %j', (header) => {
    expect(() => readDisposition(header)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })

  it('refuses what is not UTF-8', () => {
    expect(() => readDisposition('form-data; name="\xff"')).toThrow(/UTF-8/)
  })
})

describe('readBoundary', () => {
  it('reads what clients send', () => {
    expect(readBoundary('multipart/form-data; boundary=------------------------d74496d66958873e')).toBe('------------------------d74496d66958873e')
    expect(readBoundary('multipart/form-data; boundary="a b"')).toBe('a b')
  })

  it.each([undefined, '', 'multipart/form-data', 'multipart/form-data; boundary=', `multipart/form-data; boundary=${'x'.repeat(71)}`, 'multipart/form-data; boundary="a "', 'multipart/form-data; boundary="a\r\n"', 'multipart/mixed; boundary=a', 'multipart/form-data; boundary=a; boundary=b', 'multipart/form-data; charset=x; boundary=a'])(
    'refuses %j',
    (header) => {
      expect(() => readBoundary(header)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    }
  )
})
