# Curves of many data sets by survfit(). Arguments: a file of rows set,time,state (0 censored, 1 converted,
# 2 closed), and the file for the curves, one row per set and different time.
suppressPackageStartupMessages(library(survival))
files <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(files[1])
curves <- lapply(split(rows, rows$set), function(own) {
  state <- factor(own$state, 0:2, labels = c("censored", "converted", "closed"))
  fit <- survfit(Surv(own$time, state) ~ 1, conf.type = "log-log", conf.int = 0.95)
  converted <- match("converted", fit$states)
  data.frame(
    set = own$set[1], time = fit$time, at_risk = fit$n.risk[, 1], converted = fit$n.event[, converted],
    closed = fit$n.event[, match("closed", fit$states)], censored = rowSums(as.matrix(fit$n.censor)),
    conversion = fit$pstate[, converted], std_error = fit$std.err[, converted],
    low = fit$lower[, converted], high = fit$upper[, converted]
  )
})
write.csv(format(do.call(rbind, curves), digits = 17), files[2], row.names = FALSE, quote = FALSE)
