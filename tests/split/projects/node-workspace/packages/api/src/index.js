console.log(require('lib'),require('semver').valid('1.2.3'))
