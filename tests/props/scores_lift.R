# Lifts of many pairs of groups by prop.test(). Arguments: a file of rows
# treated,treated_converted,control,control_converted,confidence and the file for the figures, one row each. Newcombe's
# interval is built from the interval that prop.test() gives for each rate alone, which is Wilson's.
files <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(files[1])
figures <- lapply(seq_len(nrow(rows)), function(i) suppressWarnings({
  own <- rows[i, ]
  converted <- c(own$treated_converted, own$control_converted)
  size <- c(own$treated, own$control)
  bounds <- mapply(function(k, n) prop.test(k, n, conf.level = own$confidence, correct = FALSE)$conf.int, converted, size)
  rate <- converted / size
  lift <- rate[1] - rate[2]
  data.frame(
    lift = lift,
    low = lift - sqrt((rate[1] - bounds[1, 1])^2 + (bounds[2, 2] - rate[2])^2),
    high = lift + sqrt((bounds[2, 1] - rate[1])^2 + (rate[2] - bounds[1, 2])^2),
    p_value = prop.test(converted, size, correct = FALSE)$p.value
  )
}))
write.csv(format(do.call(rbind, figures), digits = 17), files[2], row.names = FALSE, quote = FALSE)
