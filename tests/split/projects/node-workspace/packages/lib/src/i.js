module.exports=4
