console.log(`rss-kib ${Math.round(process.memoryUsage().rss / 1024)}`)
