# The statistic of wilcox.test() of many data sets. Arguments: a file of rows set,score,converted and the file for the
# statistics, one row per set.
files <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(files[1])
statistics <- sapply(split(rows, rows$set), function(own) {
  wilcox.test(own$score[own$converted == 1], own$score[own$converted == 0], exact = FALSE)$statistic
})
write.csv(data.frame(statistic = format(statistics, digits = 17, trim = TRUE)), files[2], row.names = FALSE, quote = FALSE)
