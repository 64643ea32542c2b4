# Logistic regressions of many data sets by glm(). Arguments: a file of rows set,n,y,x1,x2,.. (n: the number of
# predictors), and the file for the fits, one row per set and coefficient.
files <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(files[1])
fits <- lapply(split(rows, rows$set), function(own) {
  n <- own$n[1]
  terms <- if (n > 0) paste0("x", seq_len(n), collapse = " + ") else "1"
  warned <- 0
  regression <- function(start) {
    glm(as.formula(paste("y ~", terms)), binomial, own, start = start, control = glm.control(epsilon = 1e-14, maxit = 100))
  }
  fit <- withCallingHandlers(regression(NULL), warning = function(w) { warned <<- 1; invokeRestart("muffleWarning") })
  # The weights of a fit, and so its standard errors, are those before the last step: start where it ended.
  if (!anyNA(coef(fit))) fit <- suppressWarnings(regression(coef(fit)))
  figures <- coef(summary(fit))[names(coef(fit))[!is.na(coef(fit))], , drop = FALSE]
  data.frame(
    set = own$set[1], estimate = figures[, 1], std_error = figures[, 2], z = figures[, 3], p_value = figures[, 4],
    deviance = deviance(fit), null_deviance = fit$null.deviance, missing = sum(is.na(coef(fit))), warned = warned
  )
})
write.csv(format(do.call(rbind, fits), digits = 17), files[2], row.names = FALSE, quote = FALSE)
