const fs=require('fs');for (const f of ['/var/lib/app/x','storage/y','z']) fs.writeFileSync(f,'1');console.log(fs.readFileSync('one','utf8')+fs.readFileSync('two','utf8'))
