// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBlockCourse} from "./IBlockCourse.sol";
import {IBlockQuarrels} from "./IBlockQuarrels.sol";
import {IBlockSeams} from "./IBlockSeams.sol";

/// A block from its first part to its end. Times are seconds of chain time, intervals half-open. Holds no money.
interface IBlocks is IBlockCourse, IBlockQuarrels, IBlockSeams {}
