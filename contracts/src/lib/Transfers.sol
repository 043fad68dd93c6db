// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// Tokens into a contract, measured, and money out of it. Token 0 is the chain's own coin, in wei.
library Transfers {
    using SafeERC20 for IERC20;

    error AmountZero();
    error TokenRefused(address token);
    error WeiTransferFailed(address to, uint256 amount);

    /// Takes tokens that msg.sender approved. Returns what arrived, since some tokens keep a fee; nothing is
    /// AmountZero. Guard the caller against reentrancy: a token that calls back could be counted twice.
    function take(address token, uint256 amount) internal returns (uint256 received) {
        if (token.code.length == 0) revert TokenRefused(token);
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        received = IERC20(token).balanceOf(address(this)) - before;
        if (received == 0) revert AmountZero();
    }

    /// Write first what is paid: `to` may call back.
    function send(address token, address to, uint256 amount) internal {
        if (token != address(0)) return IERC20(token).safeTransfer(to, amount);
        (bool isSent,) = to.call{value: amount}("");
        if (!isSent) revert WeiTransferFailed(to, amount);
    }
}
