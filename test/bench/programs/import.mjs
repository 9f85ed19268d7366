// What a program pays that imports the root entry and nothing else.
import 'stemma'

console.log(`rss-kib ${Math.round(process.memoryUsage().rss / 1024)}`)
